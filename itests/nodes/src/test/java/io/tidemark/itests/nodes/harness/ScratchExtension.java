package io.tidemark.itests.nodes.harness;

import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/** Hands each test a {@link Scratch} of its own, shows what is in its logs when the test fails, and closes it. */
public final class ScratchExtension implements ParameterResolver, TestExecutionExceptionHandler, AfterEachCallback {
    private static final ExtensionContext.Namespace SPACE = ExtensionContext.Namespace.create(ScratchExtension.class);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Scratch.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        String type = context.getRequiredTestClass().getSimpleName();
        String id = Integer.toHexString(context.getUniqueId().hashCode() & 0xffffff);
        return context.getStore(SPACE)
                .getOrComputeIfAbsent("scratch", key -> Scratch.create(type + "-" + id), Scratch.class);
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) {
        Scratch scratch = context.getStore(SPACE).get("scratch", Scratch.class);
        throw scratch == null ? Evidence.with(failure, List.of()) : scratch.explain(failure);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Scratch scratch = context.getStore(SPACE).remove("scratch", Scratch.class);
        if (scratch != null) {
            scratch.close(context.getExecutionException().isPresent());
        }
    }
}
