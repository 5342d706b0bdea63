"""Dashboards as code: what they ask (`queries`), their look (`panels`, `grid`), where they lead (`links`)."""
