using System.CommandLine;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Keeping;
using Guardian.Cli.Inputs;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Quotes;

/// <summary>The options that say which collateral services are asked, and whom they are trusted to be.</summary>
internal sealed class ServiceOptions
{
    private readonly Option<Uri[]> services = new("--service")
    {
        Description = "The provisioning certification service, or a caching one (PCCS). Given several times, the next one is asked when "
            + "one fails.",
        DefaultValueFactory = _ => [CollateralDownload.IntelService],
        CustomParser = Addresses.ParseManyWeb,
        HelpName = "ADDRESS",
    };
    private readonly Option<string?> authority = new("--ca")
    {
        Description = "Certificates that issue those of the services, PEM. Without it, this machine's trusted ones.",
        HelpName = "FILE",
    };

    /// <summary>All of them, in the order of the help text.</summary>
    public IEnumerable<Option> All => [services, authority];

    /// <summary>Makes the clients. The caller disposes them.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="rootList">The address of the root's revocation list; null for Intel's own.</param>
    /// <exception cref="RefusedException">The file of certificates is missing or malformed.</exception>
    public ConnectedServices Connect(ParseResult arguments, Uri? rootList = null)
    {
        var trusted = arguments.GetValue(authority) is { } path ? CertificatesFile.Read(path) : null;
        return new ConnectedServices(
            [.. arguments.GetRequiredValue(services).Select(address => CollateralService.CreateClient(address, trusted))], rootList);
    }
}

/// <summary>Services, and the clients through which they are asked.</summary>
internal sealed class ConnectedServices(IReadOnlyList<HttpClient> clients, Uri? rootList) : IDisposable
{
    /// <summary>The services, in the order in which they are asked.</summary>
    public IReadOnlyList<CollateralService> Services { get; } = [.. clients.Select(client => new CollateralService(client, rootList))];

    public void Dispose()
    {
        foreach (var client in clients)
        {
            client.Dispose();
        }
    }
}
