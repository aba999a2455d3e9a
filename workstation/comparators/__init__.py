"""Two readings and the protocol's item in, exact scores with evidence out; one file per kind.

Each module that defines `COMPARATOR` is found by walking this package.
"""
