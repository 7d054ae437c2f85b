"""Door posters and contact cards as PDF: `make posters`, or `python -m infra.printing <street>`."""
