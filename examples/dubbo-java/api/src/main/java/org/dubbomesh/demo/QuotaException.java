package org.dubbomesh.demo;

/** An unchecked exception with fields of its own, which no method declares. */
public class QuotaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int limit;
    private final Role role;

    public QuotaException(String message, int limit, Role role) {
        super(message);
        this.limit = limit;
        this.role = role;
    }

    public int getLimit() {
        return limit;
    }

    public Role getRole() {
        return role;
    }
}
