using System.CommandLine;
using Guardian.OpenStack.Configuration;
using Guardian.OpenStack.Session;

namespace Guardian.Cli.Options;

/// <summary>The option that names a cloud, and the session with it.</summary>
internal static class CloudOptions
{
    /// <summary>Makes the option. As with the stock client, environment variables can take its place.</summary>
    public static Option<string?> Create() => new("--cloud")
    {
        Description = "A cloud of clouds.yaml. Without it OS_CLOUD, or OS_AUTH_URL and its companions.",
        HelpName = "NAME",
    };

    /// <summary>Starts a session.</summary>
    /// <param name="cloud">The cloud's name; null for the environment's.</param>
    public static CloudSession Connect(string? cloud) =>
        new(CloudSettings.Load(cloud, Environment.GetEnvironmentVariable), TimeProvider.System);
}
