"""A child process for whatever takes apart what others made: PDFs and images.

Libraries written in C read files that nobody here has made. So they do it in a forked child that cannot use
more memory, time and disk than its bounds, has none of the worker's files, connections and secrets, cannot
open a socket, and writes into one folder only. Where it breaks, the worker lives on and knows why.

    run       the worker's side: fork, serve, wait, tell whose fault it was
    lockup    the child's side: what it gives up before it begins
    kernel    the walls Linux offers
    answer    how the result comes back
"""
