# What type checkers see of the names that __init__.py loads when they are first asked for.
from caviar.client import Client as Client
from caviar.errors import CaviarError as CaviarError
from caviar.search import Search as Search
from caviar.spec import SearchSpec as SearchSpec

__version__: str
__all__ = ["CaviarError", "Client", "Search", "SearchSpec", "__version__"]
