using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Collateral;
using Guardian.Cas.Client.Connection;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Log;
using Guardian.Refusals;

namespace Guardian.Enclave;

/// <summary>Keeps the head of a room's log as a freshness tag of the CAS, under the session that gives the room its key.</summary>
internal sealed class CasRoomHead : IRoomHead, IDisposable
{
    /// <summary>Name of the tag, which the session lists under <c>tags</c>.</summary>
    public const string Tag = "room";

    private readonly CasClient client;
    private readonly string session;

    /// <param name="address">The CAS.</param>
    /// <param name="certificate">The enclave's RA-TLS certificate, by which the CAS admits it.</param>
    public CasRoomHead(RoomContract contract, Uri address, X509Certificate2 certificate, ICollateralSource collateral, TimeProvider time)
    {
        client = new CasClient(address, contract.Cas.Policy, certificate, time, collateral: collateral);
        session = contract.Cas.Session[..contract.Cas.Session.LastIndexOf('/')];
    }

    /// <inheritdoc/>
    public byte[]? Read() => Wait(() => client.ReadTagAsync(session, Tag));

    /// <inheritdoc/>
    public bool TryMove(byte[]? expected, byte[] next) => Wait(async () =>
        (await client.SetTagAsync(session, Tag, expected is null ? null : (ReadOnlyMemory<byte>?)expected, next).ConfigureAwait(false)).Moved);

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    // The room works under a lock, one question after another, on a thread of its own.
    private static T Wait<T>(Func<Task<T>> call)
    {
        try
        {
            return Task.Run(call).GetAwaiter().GetResult();
        }
        catch (RefusedException failure)
        {
            throw new RoomHeadException($"the CAS does not tell where the room's log stands: {failure.Message}", failure);
        }
    }
}
