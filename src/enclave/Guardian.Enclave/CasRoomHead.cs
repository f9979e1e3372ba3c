using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client.Connection;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Log;
using Guardian.Refusals;

namespace Guardian.Enclave;

/// <summary>Stores the head of a room's log as a freshness tag in the CAS, under the session that gives the room its key.</summary>
internal sealed class CasRoomHead : IRoomHead, IDisposable
{
    /// <summary>The name of the tag; the session lists it under <c>tags</c>.</summary>
    public const string Tag = "room";

    private readonly CasClient client;
    private readonly string session;

    /// <param name="contract">The contract, which names the CAS and the session.</param>
    /// <param name="address">The address of the CAS.</param>
    /// <param name="certificate">The enclave's RA-TLS certificate, by which the CAS admits it.</param>
    /// <param name="verifier">Verifies the CAS.</param>
    /// <param name="time">The clock for evidence and certificates.</param>
    public CasRoomHead(RoomContract contract, Uri address, X509Certificate2 certificate, EvidenceVerifier verifier, TimeProvider time)
    {
        client = new CasClient(address, contract.Cas.Policy, certificate, time, verifier, pins: RoomLaunch.PinsOf(contract));
        session = contract.Cas.Session[..contract.Cas.Session.LastIndexOf('/')];
    }

    /// <inheritdoc/>
    public byte[]? Read() => Wait(() => client.ReadTagAsync(session, Tag));

    /// <inheritdoc/>
    public bool TryMove(byte[]? expected, byte[] next) => Wait(async () =>
    {
        ReadOnlyMemory<byte>? current = expected is null ? null : (ReadOnlyMemory<byte>?)expected;
        return (await client.SetTagAsync(session, Tag, current, next).ConfigureAwait(false)).Moved;
    });

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    // Blocking is harmless: the room answers one question after another, under a lock, on a thread of its own.
    private static T Wait<T>(Func<Task<T>> call)
    {
        try
        {
            return Task.Run(call).GetAwaiter().GetResult();
        }
        catch (RefusedException failure)
        {
            throw new RefusedException(
                RoomReasons.CasAway.Because($"the CAS does not return the head of the room's log: {failure.Message}"), failure);
        }
    }
}
