-- Purchases are compared with the provider by when they were paid, and those with a problem are listed.

CREATE INDEX purchase_paid ON purchase (paid_at);
CREATE INDEX purchase_problem ON purchase (id) WHERE problem <> '';
