package org.dubbomesh.demo;

import java.util.List;
import java.util.Map;

/** One method for each shape of argument and result that a gateway has to carry. */
public interface Echo {
    /** Answers its argument. */
    String echo(String text);

    long add(long a, long b);

    /** Answers one of the users that {@link #listUsers} lists, or null. */
    User getUser(long id);

    /** Answers the user as it arrived. */
    User saveUser(User user);

    List<User> listUsers();

    /** Always fails with a business exception that has a field of its own. */
    String fail(String message) throws BusinessException;

    /** Answers after the given number of milliseconds, at most a minute. */
    String slow(int millis);

    /** Answers the name this provider was started with, so that callers can count who answered. */
    String whoami();

    /** Answers the attachments the call arrived with, as text. */
    Map<String, String> attachments();
}
