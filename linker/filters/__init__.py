"""What a request meets on its way through a router: one thing done around it
in each file. README.md gives the order."""
