package io.tidemark.base.figures;

import java.util.Map;
import java.util.function.Supplier;
import javax.management.Attribute;
import javax.management.AttributeList;
import javax.management.AttributeNotFoundException;
import javax.management.DynamicMBean;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanInfo;
import javax.management.ReflectionException;

/** Named figures as a JMX bean, read when somebody asks. The names are those of docs/reference/metrics.md. */
final class FigureBean implements DynamicMBean {
    private final String description;
    private final Supplier<Map<String, Object>> figures;

    FigureBean(String description, Supplier<Map<String, Object>> figures) {
        this.description = description;
        this.figures = figures;
    }

    @Override
    public Object getAttribute(String name) throws AttributeNotFoundException {
        Object value = figures.get().get(name);
        if (value == null) {
            throw new AttributeNotFoundException("no figure " + name);
        }
        return value;
    }

    @Override
    public AttributeList getAttributes(String[] names) {
        Map<String, Object> now = figures.get();
        AttributeList found = new AttributeList();
        for (String name : names) {
            if (now.containsKey(name)) {
                found.add(new Attribute(name, now.get(name)));
            }
        }
        return found;
    }

    @Override
    public MBeanInfo getMBeanInfo() {
        MBeanAttributeInfo[] attributes = figures.get().entrySet().stream()
                .map(figure -> new MBeanAttributeInfo(
                        figure.getKey(),
                        figure.getValue().getClass().getName(),
                        "see docs/reference/metrics.md",
                        true,
                        false,
                        false))
                .toArray(MBeanAttributeInfo[]::new);
        return new MBeanInfo(FigureBean.class.getName(), description, attributes, null, null, null);
    }

    @Override
    public void setAttribute(Attribute attribute) throws AttributeNotFoundException {
        throw new AttributeNotFoundException("figures are read-only");
    }

    @Override
    public AttributeList setAttributes(AttributeList attributes) {
        return new AttributeList();
    }

    @Override
    public Object invoke(String action, Object[] parameters, String[] signature) throws ReflectionException {
        throw new ReflectionException(new NoSuchMethodException(action), "figures have no operations");
    }
}
