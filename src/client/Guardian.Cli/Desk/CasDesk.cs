using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Connection;
using Guardian.Cli.Failures;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Refusals;
using Guardian.Sgx;

namespace Guardian.Cli.Desk;

/// <summary>A CAS that the user chose and that was verified.</summary>
/// <param name="Word">The CAS as the user named it.</param>
/// <param name="Key">The file of the user's key.</param>
/// <param name="Target">Its address, and what the user trusts.</param>
/// <param name="Platform">The platform that the user accepts where no name says so.</param>
/// <param name="Policy">The policy that it must satisfy.</param>
internal sealed record CasConnection(string Word, string Key, CasTarget Target, PlatformKind Platform, AttestationPolicy Policy);

/// <summary>The way to the CAS of the pages about programs.</summary>
internal sealed class CasDesk(KeyRing keys)
{
    private volatile CasConnection? now;

    /// <summary>The CAS that is chosen; null for none.</summary>
    public CasConnection? Now => now;

    /// <summary>Verifies a CAS, and chooses it.</summary>
    /// <exception cref="RefusedException">The word is no CAS, the key cannot be used, or the CAS is not accepted.</exception>
    public async Task ConnectAsync(string word, string key, PlatformKind platform, CancellationToken cancellation)
    {
        var (target, problem) = CasTarget.Read(word);
        if (target is null)
        {
            throw CliReasons.Usage.Refuse(problem!, "https://host:port, or a name of 'guardian cas trust'");
        }
        keys.Use(key, each => each.PublicKey);
        var chosen = new CasConnection(word, key, target, platform, PolicyFor(target, platform));
        await UseAsync(chosen, client => client.ReadIdentityAsync(cancellation)).ConfigureAwait(false);
        now = chosen;
    }

    /// <summary>Works over a connection to the CAS, which is verified first.</summary>
    public Task<T> UseAsync<T>(Func<CasClient, Task<T>> work) => UseAsync(
        Now ?? throw CliReasons.Usage.Refuse("no CAS is chosen", "choose one on the page of programs"), work);

    private async Task<T> UseAsync<T>(CasConnection chosen, Func<CasClient, Task<T>> work)
    {
        using var certificate = keys.Use(chosen.Key, key => key.CreateClientCertificate(TimeProvider.System.GetUtcNow()));
        using var client = new CasClient(
            chosen.Target.Address, chosen.Policy, certificate, TimeProvider.System, CliVerifier.Default, pins: chosen.Target.Trusted?.Pins);
        return await work(client).ConfigureAwait(false);
    }

    /// <summary>Leaves out a part that the user may not see, or that is not there.</summary>
    public static async Task<T?> TryAsync<T>(Task<T> call) where T : class
    {
        try
        {
            return await call.ConfigureAwait(false);
        }
        catch (RefusedException failure) when (failure.Refusal.Kind is RefusalKind.Forbidden or RefusalKind.NotFound)
        {
            return null;
        }
    }

    // As the commands: the code installed here, or what the user wrote down with 'guardian cas trust'.
    private static AttestationPolicy PolicyFor(CasTarget target, PlatformKind platform) => new()
    {
        Identities =
        [
            new AcceptedIdentity
            {
                MrEnclaves = target.Trusted is { MrEnclaves: { Count: > 0 } codes }
                    ? [.. codes.Select(PolicyOptions.ParseMrEnclave)]
                    : [InstalledProgram.Cas.Measure()],
            },
        ],
        Platforms = target.Trusted is { Platforms: var platforms }
            ? [.. platforms.Select(name => name == "simulated" ? PlatformKind.Simulated : PlatformKind.Hardware)]
            : [platform],
    };
}
