using Guardian.Files;
using Guardian.Wasi.Streams;

namespace Guardian.Wasi.Host;

/// <summary>A directory that a guest has open from its start.</summary>
/// <param name="GuestPath">The guest's name for it, such as "/" or "/data".</param>
/// <param name="Directory">The directory. Its creator disposes it, after the host.</param>
public sealed record Preopen(string GuestPath, IDirectory Directory);

/// <summary>Everything that a guest can reach.</summary>
public sealed record WasiOptions
{
    /// <summary>The arguments, with the program's own name first. None contains NUL.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>The environment variables, each "NAME=value". None contains NUL.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Standard input, output and error: descriptors 0 to 2. The host disposes them.</summary>
    public required IReadOnlyList<IGuestStream> StandardStreams { get; init; }

    /// <summary>Directories: descriptors from 3 on.</summary>
    public IReadOnlyList<Preopen> Directories { get; init; } = [];

    /// <summary>Listening sockets: descriptors after the directories. The host disposes them.</summary>
    public IReadOnlyList<IGuestListener> Listeners { get; init; } = [];

    /// <summary>The clocks.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
