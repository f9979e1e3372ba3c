using System.CommandLine;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Refusals;

namespace Guardian.Cli.Options;

/// <summary>The options that name a CAS's witness.</summary>
internal sealed class WitnessOptions
{
    private readonly Option<Uri?> address = new("--witness")
    {
        Description =
            "Another CAS, https://host:port, that records the state of this one's log; this one needs its confirmation for every change.",
        CustomParser = Addresses.Parse,
        HelpName = "ADDRESS",
    };
    private readonly Option<string?> session = new("--witness-session")
    {
        Description = "The session at the witness that admits this CAS and has the tag 'log'.",
        HelpName = "NAME",
    };

    private readonly Option<string?> identity = new("--witness-identity")
    {
        Description = "The identity of the witness, as 'guardian cas attest' prints it. No other CAS can take its place.",
        HelpName = "HEX",
    };

    public IReadOnlyList<Option> All => [address, session, identity];

    /// <summary>Reads the witness.</summary>
    /// <returns>The witness; null when the user names none.</returns>
    /// <exception cref="RefusedException">Only some of the three options are given.</exception>
    public WitnessDescription? Read(ParseResult arguments) =>
        (arguments.GetValue(address), arguments.GetValue(session), arguments.GetValue(identity)) switch
        {
            (null, null, null) => null,
            ({ } place, { } name, { } known) => new WitnessDescription(place.GetLeftPart(UriPartial.Authority), name, known),
            _ => throw CliReasons.HalfAWitness.Refuse("a witness is an address, a session there and an identity"),
        };
}
