package org.dubbomesh.demo.service;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.dubbomesh.demo.Address;
import org.dubbomesh.demo.BusinessException;
import org.dubbomesh.demo.Echo;
import org.dubbomesh.demo.Role;
import org.dubbomesh.demo.User;

/** The implementation of {@link Echo}, which needs nothing of Dubbo but the attachments of the call at hand. */
public final class EchoService implements Echo {
    private static final long MAX_DELAY_MILLIS = 60_000;

    private final String name;
    private final Supplier<Map<String, Object>> attachments;

    public EchoService(String name, Supplier<Map<String, Object>> attachments) {
        this.name = name;
        this.attachments = attachments;
    }

    @Override
    public String echo(String text) {
        return text;
    }

    @Override
    public long add(long a, long b) {
        return a + b;
    }

    @Override
    public User getUser(long id) {
        return listUsers().stream().filter(user -> user.getId() == id).findFirst().orElse(null);
    }

    @Override
    public User saveUser(User user) {
        return user;
    }

    @Override
    public List<User> listUsers() {
        Instant created = Instant.parse("2024-02-29T13:14:15Z");
        Address harbour = new Address("Hamburg", "Hafenweg 1");
        Address mill = new Address("Delft", "Molenstraat 7");
        User ann = user(1, "Ann", Role.ADMIN, 12.5, created, harbour, List.of(harbour, mill));
        ann.setActive(true);
        ann.getAttributes().put("language", "de");
        ann.getAttributes().put("tier", "gold");
        User bobo = user(2, "Bóbó 🐟", Role.MEMBER, -0.25, created.plusSeconds(86_400), mill, List.of());
        return new ArrayList<>(List.of(ann, bobo));
    }

    @Override
    public String fail(String message) throws BusinessException {
        throw new BusinessException("DEMO-1", message);
    }

    @Override
    public String slow(int millis) {
        long delay = Math.max(0, Math.min(millis, MAX_DELAY_MILLIS));
        Pause.millis(delay);
        return delay + "ms";
    }

    @Override
    public String whoami() {
        return name;
    }

    @Override
    public Map<String, String> attachments() {
        Map<String, String> received = new HashMap<>();
        attachments.get().forEach((key, value) -> received.put(key, String.valueOf(value)));
        return received;
    }

    private static User user(
            long id, String name, Role role, double balance, Instant created, Address home, List<Address> addresses) {
        User user = new User();
        user.setId(id);
        user.setName(name);
        user.setRole(role);
        user.setBalance(balance);
        user.setCreated(Date.from(created));
        user.setHome(home);
        user.setAddresses(new ArrayList<>(addresses));
        user.setAttributes(new HashMap<>());
        return user;
    }
}
