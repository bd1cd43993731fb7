"""Who may see and do what: roles become views of the published tables; people sign in; reads and decisions are recorded."""
