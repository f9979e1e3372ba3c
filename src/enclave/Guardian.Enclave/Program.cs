using System.Security.Cryptography;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Launch;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Statements;
using Guardian.Cas.Client.Connection;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;
using Guardian.CleanRoom.Shards;
using Guardian.Enclave;
using Guardian.Files.Native;
using Guardian.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

// The program needs only a contract and the address of the CAS that the contract names:
// 1 verify that all members signed the contract. 2 create a TLS key, and quote it together with its role and the contract's hash. 3 verify
// the CAS against the contract, and get the startup configuration with another key. 4 serve the room, or compute as a shard for the enclave
// that serves it.
InheritedStreams.FillMissing();
RuntimeDiagnostics.RestartWithout();
string[] own = ["contract", "cas"];
string[] optional = ["role", "shards", "working-set"];
IDisposable? serving = null;
CasClient? cas = null;
try
{
    return await EnclaveHost.RunAsync(
        "guardian-enclave", EnclaveProduct.CleanRoom, args, BuiltPlatforms.Support, own, optional, ServeAsync).ConfigureAwait(false);
}
finally
{
    serving?.Dispose();
    cas?.Dispose();
}

async Task<EnclaveService?> ServeAsync(HostOptions options, EnclaveProcess process)
{
    var time = TimeProvider.System;
    var workingSet = RoomLaunch.ReadWorkingSet(options);
    var signed = ContractFile.Load(options["contract"]);
    ContractFile.FindEngine();
    var hash = signed.Contract.Hash;
    var isShard = RoomLaunch.IsShard(options);
    var certificate = RaTlsCertificate.Create(
        process.Quotes, isShard ? EvidenceContext.RoomShard(hash) : EvidenceContext.RoomLead(hash));
    cas = await RoomLaunch.ConnectAsync(signed.Contract, options["cas"], process.Quotes, options.Verifier, time).ConfigureAwait(false);
    var roomKey = await RoomLaunch.GetRoomKeyAsync(signed.Contract, cas).ConfigureAwait(false);
    try
    {
        if (isShard)
        {
            var shard = new RoomShard(signed, roomKey, options.State, workingSet);
            serving = shard;
            return new EnclaveService(
                certificate, server => ShardEndpoints.Map(server, shard, signed.Contract, options.Verifier, time))
            {
                Protocols = HttpProtocols.Http1,
            };
        }
        var session = await RoomLaunch.ReadSessionAsync(signed.Contract, cas).ConfigureAwait(false);
        var signer = StatementSigner.Create(process.Quotes, EvidenceContext.RoomStatement(hash));
        var enclave = new RoomEnclave(process.Enclave.Platform, () => process.EpcCounters, signer)
        {
            Head = new CasRoomTag(CasRoomTag.Head, signed.Contract, cas),
            KeySecret = new CasRoomTag(CasRoomTag.KeySecret, signed.Contract, cas),
            HandOver = ContractFile.FindHandOver(options["contract"], options.Verifier),
            WorkingSet = workingSet,
            Programs = ContractFile.ReadPrograms(options["contract"], signed.Contract),
            Shards = RoomLaunch.FindShards(options, signed.Contract, certificate, time),
        };
        var room = RoomLaunch.Open(signed, roomKey, options.State, enclave, time);
        serving = room;
        return new EnclaveService(certificate, server => RoomEndpoints.Map(server, room, session))
        {
            Protocols = HttpProtocols.Http1, Refuse = RoomEndpoints.RefuseAsync,
        };
    }
    finally
    {
        CryptographicOperations.ZeroMemory(roomKey);
    }
}
