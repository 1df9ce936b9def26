package org.dubbomesh.demo;

import java.io.Serializable;
import java.util.List;

/** An object that holds objects of its own class. */
public class Node implements Serializable {
    private static final long serialVersionUID = 1L;

    public String name;
    public Node next;
    public List<Node> children;
}
