"""What Rancher means: people, projects, role templates, and which bindings are really its own."""
