"""Files that people write, such as prices and budgets: checked key by key, and refused with file and line."""
