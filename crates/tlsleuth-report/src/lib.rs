//! Renders diagnoses: table, JSON, Markdown, HTML.
