"""A path that a request names in, one of this server's own out."""


def safe_path(path: str) -> str:
    """A path of this server; anything that a browser could take for another one becomes the overview."""
    is_safe = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_safe else "/"
