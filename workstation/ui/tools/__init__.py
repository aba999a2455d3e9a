"""Label tools, one file each; found by walking this package."""
