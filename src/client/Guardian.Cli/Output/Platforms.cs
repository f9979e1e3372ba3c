using Guardian.Sgx;

namespace Guardian.Cli.Output;

/// <summary>How platforms are named to programs and to people.</summary>
internal static class Platforms
{
    public static string Name(PlatformKind kind) => kind == PlatformKind.Simulated ? "simulated" : "hardware";

    public static string Explain(PlatformKind kind) =>
        kind == PlatformKind.Simulated ? "simulated: same formats and checks, but no protection by a processor" : "hardware";
}
