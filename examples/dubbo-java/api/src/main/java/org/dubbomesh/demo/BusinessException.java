package org.dubbomesh.demo;

/** A checked exception with a field of its own. */
public class BusinessException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String code;

    public BusinessException(String code, String message) {
        super(message);
        this.code = code;
    }

    public String getCode() {
        return code;
    }
}
