"""What every route does the same way: the work of a request, callers, errors, shapes, paging."""
