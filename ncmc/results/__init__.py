"""What runs measured: records, and the cells, tables, curves and statistics computed from them."""
