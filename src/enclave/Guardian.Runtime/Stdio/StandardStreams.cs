using System.Globalization;
using Guardian.Cas.Client.Protocol;
using Guardian.Wasi.Streams;

namespace Guardian.Runtime.Stdio;

/// <summary>The three standard streams of a run: encrypted frames where the session gives a key, else as they are.</summary>
internal sealed class StandardStreams : IDisposable
{
    private readonly SealedOutput[] outputs;

    /// <param name="configuration">Has the key.</param>
    /// <param name="say">Is told why standard input ended early.</param>
    public StandardStreams(StartupConfiguration configuration, Action<string> say)
    {
        var (input, output, error) = (HostStream.Standard(0), HostStream.Standard(1), HostStream.Standard(2));
        if (configuration.Stdio.Key is not { } key)
        {
            (Streams, outputs) = ([input, output, error], []);
            return;
        }
        var run = StdioCipher.NewRun();
        outputs = [new SealedOutput(output, new StdioCipher(key, run, "out")), new SealedOutput(error, new StdioCipher(key, run, "err"))];
        Streams = [new SealedInput(input, new StdioCipher(key, run, "in"), say), .. outputs];
        foreach (var each in outputs)
        {
            each.Finish(StdioFrameKind.Start, $"{configuration.Session}/{configuration.Service} {configuration.SessionHash}");
        }
    }

    /// <summary>Descriptors 0 to 2 of the guest, which its host disposes.</summary>
    public IReadOnlyList<IGuestStream> Streams { get; }

    /// <summary>Says that the streams end here, and how the program did.</summary>
    public void Finish(int exitStatus)
    {
        foreach (var output in outputs)
        {
            output.Finish(StdioFrameKind.End, exitStatus.ToString(CultureInfo.InvariantCulture));
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
