"""What every page shares: how it is declared, built, shown as HTML, JSON or fragment, and described."""
