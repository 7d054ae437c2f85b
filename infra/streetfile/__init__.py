"""From a street's TOML and places CSV to the typed street that ships with the functions.

`compile.load` reads, checks and returns `chalicelib.street` objects; `compile.write` puts them as JSON where the package takes
them from. A wrong file is refused as a whole: `StreetFileError` lists every problem with file, line, key, value and remedy.
"""
