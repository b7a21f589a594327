"""One resource a module: `handler(context)` gives the function that answers. `linker.admin.routes` lists the paths."""
