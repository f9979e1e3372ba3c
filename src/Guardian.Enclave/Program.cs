using System.Security.Cryptography;
using Guardian.Attestation;
using Guardian.Cas.Client;
using Guardian.CleanRoom;
using Guardian.Enclave;
using Guardian.Hosting;

// Starts with nothing but a contract and the address of the CAS that it names:
// 1 the contract must be signed by all members. 2 a TLS key is made, and quoted together with the contract's hash. 3 the CAS is verified
// against the contract and gives the startup configuration. 4 the room serves.
RoomService? room = null;
CasRoomHead? head = null;
try
{
    return await EnclaveHost.RunAsync("guardian-enclave", args, own: ["contract", "cas"], optional: [], async (options, process) =>
    {
        var signed = ContractFile.Load(options["contract"]);
        var binding = signed.Contract.Hash;
        var certificate = RaTlsCertificate.Create(process.Quotes, binding.Span);
        var roomKey = await RoomLaunch.GetRoomKeyAsync(signed.Contract, options["cas"], certificate, options.Collateral, TimeProvider.System).ConfigureAwait(false);
        head = new CasRoomHead(signed.Contract, new Uri(options["cas"]), certificate, options.Collateral, TimeProvider.System);
        var enclave = new RoomEnclave(process.Enclave.Platform, () => process.EpcCounters, StatementSigner.Create(process.Quotes, binding.Span)) { Head = head };
        room = RoomLaunch.Open(signed, roomKey, options.State, enclave, TimeProvider.System);
        CryptographicOperations.ZeroMemory(roomKey);
        return new EnclaveService(certificate, server => RoomEndpoints.Map(server, room));
    }).ConfigureAwait(false);
}
finally
{
    room?.Dispose();
    head?.Dispose();
}
