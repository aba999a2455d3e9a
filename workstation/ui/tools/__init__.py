"""Label and measuring tools, one file each; found by walking this package."""
