using System.Globalization;
using Guardian.Cas.Client.Protocol;
using Guardian.Wasi.Streams;

namespace Guardian.Runtime.Stdio;

/// <summary>The three standard streams of a run: encrypted frames if the session has a key for them, otherwise plain.</summary>
internal sealed class StandardStreams : IDisposable
{
    private readonly SealedOutput[] outputs;

    /// <param name="configuration">The startup configuration, with the key.</param>
    /// <param name="readsBinary">Whether the host's reader of the frames takes binary ones.</param>
    /// <param name="log">Receives the reason if standard input ends early.</param>
    /// <param name="ending">Cancelled by a signal that ends the program.</param>
    public StandardStreams(StartupConfiguration configuration, bool readsBinary, Action<string> log, CancellationToken ending)
    {
        var (input, output, error) = (HostStream.Standard(0), HostStream.Standard(1), HostStream.Standard(2));
        if (configuration.Stdio.Key is not { } key)
        {
            (Streams, outputs) = ([input, output, error], []);
            return;
        }
        var run = StdioCipher.NewRun();
        var isBinary = readsBinary && !ShareCarrier();
        outputs =
        [
            new SealedOutput(output, new StdioCipher(key, run, "out"), isBinary, ending),
            new SealedOutput(error, new StdioCipher(key, run, "err"), isBinary: false, ending),
        ];
        Streams = [new SealedInput(input, new StdioCipher(key, run, "in"), log), .. outputs];
        var announcement = isBinary ? StdioFrame.BinaryAnnouncement : "";
        foreach (var each in outputs)
        {
            each.SendFrame(
                StdioFrameKind.Start, $"{configuration.Session}/{configuration.Service} {configuration.SessionHash}{announcement}");
        }
    }

    /// <summary>Descriptors 0 to 2 of the guest. The guest's host disposes them.</summary>
    public IReadOnlyList<IGuestStream> Streams { get; }

    /// <summary>Writes the end frames, which hold the program's exit status.</summary>
    public void WriteEnd(int exitStatus)
    {
        foreach (var output in outputs)
        {
            output.SendFrame(StdioFrameKind.End, exitStatus.ToString(CultureInfo.InvariantCulture));
        }
    }

    // A shared pipe keeps only short lines in one piece. Links of the system name pipes and files alike.
    private static bool ShareCarrier()
    {
        try
        {
            return File.ResolveLinkTarget("/proc/self/fd/1", returnFinalTarget: false)?.FullName
                == File.ResolveLinkTarget("/proc/self/fd/2", returnFinalTarget: false)?.FullName;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    public void Dispose()
    {
        foreach (var stream in Streams)
        {
            stream.Dispose();
        }
    }
}
