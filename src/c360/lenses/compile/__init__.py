"""From a query over members to SQL that counts every row once."""
