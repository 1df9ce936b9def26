package org.dubbomesh.demo;

/** What a user may do. */
public enum Role {
    MEMBER,
    ADMIN
}
