using Guardian.Cli.Commands.Programs;

namespace Guardian.Cli.Tests.Programs;

/// <summary>The words of compilers, and what a person is told.</summary>
public class MissingPartsTests
{
    [Theory]
    [InlineData("a.cc:3:8: error: no member named 'thread' in namespace 'std'; did you mean 'fread'?", "std::thread: there are no threads")]
    [InlineData("a.cc:3:8: error: no member named 'shared_mutex' in namespace 'std'", "std::shared_mutex: there are no threads")]
    [InlineData("a.cc:3:8: error: no member named 'sort' in namespace 'std'", "a.cc:3:8: error: no member named 'sort'")]
    [InlineData("a.c:4:10: fatal error: 'netdb.h' file not found", "WASI has no <netdb.h>: WASI opens no sockets")]
    [InlineData("a.c:4:10: fatal error: 'curses.h' file not found", "WASI has no <curses.h>")]
    [InlineData("wasm-ld: error: a.o: undefined symbol: pthread_barrier_wait", "pthread_barrier_wait: there are no threads")]
    [InlineData("wasm-ld: error: a.o: undefined symbol: foo", "foo: WASI does not have it")]
    public void Each_missing_part_is_named_with_its_reason(string message, string expected) =>
        Assert.StartsWith(expected, MissingParts.Explain(message)[0], StringComparison.Ordinal);
}
