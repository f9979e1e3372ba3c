using System.CommandLine;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.Cas.Client.Connection;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;

namespace Guardian.Cli.Options;

/// <summary>The symbols that name a CAS, the user's key and the policy, and the connection that they describe.</summary>
internal sealed class CasOptions
{
    private readonly PolicyOptions policy = new(InstalledProgram.Cas);

    // The role that the CAS must have; by default it serves.
    private readonly ExpectedEvidence expected;

    private CasOptions(Argument<Uri>? argument, Option<Uri>? option, Option<string>? key, ExpectedEvidence? expected)
    {
        (AddressArgument, AddressOption, Key) = (argument, option, key);
        this.expected = expected ?? ExpectedEvidence.Cas(null);
    }

    private Argument<Uri>? AddressArgument { get; }

    private Option<Uri>? AddressOption { get; }

    /// <summary>The user's key; null for commands that need none.</summary>
    public Option<string>? Key { get; }

    /// <summary>All symbols, for the command that reads them.</summary>
    public IReadOnlyList<Symbol> All => [.. new Symbol?[] { AddressArgument, AddressOption, Key }.OfType<Symbol>(), .. policy.All];

    /// <summary>Takes the address as an argument, for commands about the CAS itself.</summary>
    /// <param name="keyDescription">What the key is for; null for commands that need none.</param>
    /// <param name="expected">The role that the CAS must have; null is a CAS that serves.</param>
    public static CasOptions WithArgument(string? keyDescription = null, ExpectedEvidence? expected = null) =>
        new(CreateAddressArgument(), null, keyDescription is null ? null : CreateKey(keyDescription), expected);

    /// <summary>Takes the address as an option, for commands about something that a CAS keeps.</summary>
    /// <param name="keyDescription">What the key is for.</param>
    public static CasOptions WithOption(string keyDescription = "Your key, by which the CAS knows you.") =>
        new(null, CreateAddressOption(), CreateKey(keyDescription), null);

    /// <summary>The CAS as an argument.</summary>
    public static Argument<Uri> CreateAddressArgument() => new("ADDRESS")
    {
        Description = "The CAS, https://host:port.",
        CustomParser = Addresses.Parse,
    };

    /// <summary>The CAS as an option.</summary>
    public static Option<Uri> CreateAddressOption() =>
        new("--cas") { Description = "The CAS, https://host:port.", Required = true, CustomParser = Addresses.Parse, HelpName = "ADDRESS" };

    /// <summary>The user's key.</summary>
    public static Option<string> CreateKey(string description) => new("--key")
    {
        Description = description,
        Required = true,
        HelpName = "FILE",
    };

    /// <summary>Connects without a key.</summary>
    public CasClient ConnectAnonymously(ParseResult arguments, Action<RaTlsPeer, Appraisal>? onVerified = null) => new(
        ReadAddress(arguments), policy.Read(arguments), null, TimeProvider.System, CliVerifier.Default, onVerified, expected);

    /// <summary>Connects with the user's key, and works.</summary>
    public async Task<T> UseAsync<T>(ParseResult arguments, Func<CasClient, Task<T>> work)
    {
        using var key = KeyFile.Load(arguments.GetRequiredValue(Key!));
        using var certificate = key.CreateClientCertificate(TimeProvider.System.GetUtcNow());
        using var client = new CasClient(
            ReadAddress(arguments), policy.Read(arguments), certificate, TimeProvider.System, CliVerifier.Default, expected: expected);
        return await work(client).ConfigureAwait(false);
    }

    private Uri ReadAddress(ParseResult arguments) =>
        AddressArgument is null ? arguments.GetRequiredValue(AddressOption!) : arguments.GetRequiredValue(AddressArgument);
}
