using System.Security.Cryptography.X509Certificates;
using System.Text;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Connection;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Cli.Rooms;

/// <summary>A new room: its session in a CAS, and its contract.</summary>
/// <param name="Name">The room's name.</param>
/// <param name="Enclave">The code that may compute.</param>
/// <param name="Platforms">The platforms that enclave and CAS may run on.</param>
internal sealed record RoomCreation(string Name, MrEnclave Enclave, IReadOnlyList<PlatformKind> Platforms)
{
    /// <summary>Makes the room's session in a CAS that is the program installed here, and writes it to a new file.</summary>
    /// <param name="target">The CAS.</param>
    /// <param name="certificate">The certificate of the caller, by which the CAS knows it.</param>
    /// <param name="sessionPath">The file.</param>
    /// <returns>The session's hash, and the identity of the CAS.</returns>
    public async Task<(string Hash, string Identity)> MakeSessionAsync(
        CasTarget target, X509Certificate2 certificate, string sessionPath, CancellationToken cancellation)
    {
        OutputFile.RequireNew(sessionPath);
        var session = RoomTemplates.WriteSession(Name, Enclave, Platforms);
        var accepted = new AttestationPolicy
        {
            Identities = [new AcceptedIdentity { MrEnclaves = [InstalledProgram.Cas.Measure()] }],
            Platforms = Platforms,
        };
        using var client = new CasClient(
            target.Address, accepted, certificate, TimeProvider.System, CliVerifier.Default, pins: target.Trusted?.Pins);
        var found = await client.ReadIdentityAsync(cancellation).ConfigureAwait(false);
        var created = await client.CreateAsync(Encoding.UTF8.GetBytes(session), [], cancellation).ConfigureAwait(false);
        OutputFile.Write(sessionPath, session);
        return (created.Hash, found.Identity);
    }

    /// <summary>Writes the contract: of drafts, or without any, an example for two members.</summary>
    /// <param name="path">The new file.</param>
    /// <param name="members">The members and their public keys.</param>
    /// <param name="drafts">The members' data sets.</param>
    /// <param name="session">The session's hash, and the identity of its CAS.</param>
    public void WriteContract(
        string path, IReadOnlyList<(string Name, string PublicKey)> members, IReadOnlyList<RoomDraft> drafts,
        (string Hash, string Identity) session)
    {
        var head = RoomTemplates.WriteContractHead(
            Name, members, Enclave, InstalledProgram.Cas.Measure(), Platforms, session.Hash, session.Identity);
        OutputFile.Write(path, head + (drafts.Count == 0
            ? RoomTemplates.WriteContractBody(members[0].Name, members[1].Name)
            : RoomTemplates.WriteContractBody(
                string.Join('\n', drafts.Select(draft => draft.DataSets)), RoomDraft.FindPersons(drafts),
                [.. members.Select(member => member.Name).Distinct()])));
    }
}
