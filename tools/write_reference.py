"""The code in, the reference pages that follow from it out.

python -m tools.write_reference            write them
python -m tools.write_reference --check    only say whether they are current
"""

import sys
from pathlib import Path

from tools.command_pages import command_page
from tools.error_codes import error_page
from tools.library_pages import library_pages
from tools.project_keys import key_page

folder = Path(__file__).parents[1] / "docs" / "reference"


def pages() -> dict[Path, str]:
    """Each page with the text that it should have."""
    return {
        folder / "errors.md": error_page(),
        folder / "commands.md": command_page(),
        folder / "project-keys.md": key_page(),
        **{folder / "feature-library" / name: text for name, text in library_pages().items()},
    }


def outdated() -> list[str]:
    """The pages that are not current."""
    return [
        path.name for path, text in pages().items() if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]


def main() -> None:
    """Write the pages, or check them."""
    if "--check" in sys.argv:
        late = outdated()
        print(
            "\n".join(f"{name} is not current: run python -m tools.write_reference" for name in late)
            or "the reference is current"
        )
        sys.exit(bool(late))
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(folder.parents[1])}")


if __name__ == "__main__":
    main()
