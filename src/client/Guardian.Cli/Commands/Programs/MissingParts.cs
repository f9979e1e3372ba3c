using System.Text.RegularExpressions;

namespace Guardian.Cli.Commands.Programs;

/// <summary>Explains what a source needs and WASI preview 1 cannot give, from the messages of compiler and linker.</summary>
internal static partial class MissingParts
{
    private const int MaxLines = 20;
    private const string NoExceptions = "Debian's C++ library for WASI has no exceptions; deploy/wasi/build-libcxx makes one that has";

    private const string NoThreads = "there are no threads; many builds have an option without them";
    private const string NoSockets =
        "WASI opens no sockets: the session gives listening ones, and opening /dev/tcp/HOST/PORT connects";

    private static readonly (string Pattern, string Reason)[] Reasons =
    [
        ("pthread_|sem_|thrd_|mtx_", NoThreads),
        ("std::(j?thread|this_thread|async|future|promise|.*mutex|condition_variable|call_once)", NoThreads),
        ("dlopen|dlsym|dlclose|dlerror", "there is no dynamic loading; link the parts statically"),
        ("__cxa_throw|__cxa_allocate_exception|__cxa_begin_catch|_Unwind_", NoExceptions),
        ("socket|connect|bind|listen|gethostby|getaddrinfo|sendto|recvfrom|<(netdb|net/if|sys/un|ifaddrs|resolv).h>", NoSockets),
        ("mmap|munmap|mprotect", "memory cannot be mapped except by wasi-libc's emulation for whole files"),
        ("ptrace|chroot|mount|ioctl", "a program has no system below it"),
        ("sigaltstack|sigwait|setitimer|timer_create", "no signal arrives from outside"),
        ("getpwent|getgrent|getservby|getprotoby", "there are no system databases"),
    ];

    /// <summary>Reads the messages of a failed build.</summary>
    /// <returns>A line for each missing part, then the first errors.</returns>
    public static IReadOnlyList<string> Explain(string messages)
    {
        var names = Symbol().Matches(messages).Select(match => match.Groups[1].Value)
            .Concat(StandardName().Matches(messages).Select(match => $"std::{match.Groups[1].Value}"))
            .Distinct().Where(name => !name.StartsWith("std::", StringComparison.Ordinal) || FindReason(name) is not null).ToList();
        var headers = Header().Matches(messages).Select(match => $"<{match.Groups[1].Value}>").Distinct()
            .Select(name => FindReason(name) is { } why ? $"WASI has no {name}: {why}" : $"WASI has no {name}");
        var parts = names.Select(
            name => $"{name}: {FindReason(name) ?? "WASI does not have it, and the compatibility library does not either"}");
        var errors = messages.Split('\n').Where(line => line.Contains("error:", StringComparison.Ordinal)).Select(line => line.Trim());
        IEnumerable<string> exceptions = messages.Contains("with exceptions disabled", StringComparison.Ordinal)
            ? [$"throw and catch: {NoExceptions}"]
            : [];
        return [.. headers.Concat(exceptions).Concat(parts).Concat(names.Count == 0 ? errors : []).Take(MaxLines)];
    }

    private static string? FindReason(string name) =>
        Reasons.FirstOrDefault(reason => Regex.IsMatch(name, $"^({reason.Pattern})")).Reason;

    // Of other names of the standard library, the compiler itself says more.
    [GeneratedRegex("no (?:member|type|template) named '([A-Za-z0-9_]+)' in namespace 'std'")]
    private static partial Regex StandardName();

    [GeneratedRegex("(?:undefined symbol: |undeclared function '|undefined reference to `)([A-Za-z0-9_]+)")]
    private static partial Regex Symbol();

    [GeneratedRegex("fatal error: '([^']+)' file not found")]
    private static partial Regex Header();
}
