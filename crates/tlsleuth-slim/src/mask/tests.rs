//! What masking keeps and what it replaces.
