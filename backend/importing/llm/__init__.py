"""Help of a language model with an import: what is shown, asked, checked."""
