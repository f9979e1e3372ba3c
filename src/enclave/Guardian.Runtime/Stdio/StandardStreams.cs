using System.Globalization;
using Guardian.Cas.Client.Protocol;
using Guardian.Wasi.Streams;

namespace Guardian.Runtime.Stdio;

/// <summary>The three standard streams of a run: encrypted frames if the session has a key for them, otherwise plain.</summary>
internal sealed class StandardStreams : IDisposable
{
    private readonly SealedOutput[] outputs;

    /// <param name="configuration">The startup configuration, with the key.</param>
    /// <param name="log">Receives the reason if standard input ends early.</param>
    public StandardStreams(StartupConfiguration configuration, Action<string> log)
    {
        var (input, output, error) = (HostStream.Standard(0), HostStream.Standard(1), HostStream.Standard(2));
        if (configuration.Stdio.Key is not { } key)
        {
            (Streams, outputs) = ([input, output, error], []);
            return;
        }
        var run = StdioCipher.NewRun();
        outputs = [new SealedOutput(output, new StdioCipher(key, run, "out")), new SealedOutput(error, new StdioCipher(key, run, "err"))];
        Streams = [new SealedInput(input, new StdioCipher(key, run, "in"), log), .. outputs];
        foreach (var each in outputs)
        {
            each.SendFrame(StdioFrameKind.Start, $"{configuration.Session}/{configuration.Service} {configuration.SessionHash}");
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

    public void Dispose()
    {
        foreach (var stream in Streams)
        {
            stream.Dispose();
        }
    }
}
