using System.Security.Cryptography;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Statements;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;
using Guardian.CleanRoom.Shards;
using Guardian.Enclave;
using Guardian.Hosting;

// Starts with nothing but a contract and the address of the CAS that it names:
// 1 the contract must be signed by all members. 2 a TLS key is made, and quoted together with the contract's hash. 3 the CAS is verified
// against the contract and gives the startup configuration. 4 the room serves; or, as a shard, computes for the enclave that does.
IDisposable? serving = null;
CasRoomHead? head = null;
try
{
    return await EnclaveHost.RunAsync("guardian-enclave", args, BuiltPlatforms.Support, own: ["contract", "cas"], optional: ["role", "shards", "working-set"], async (options, process) =>
    {
        var time = TimeProvider.System;
        var workingSet = RoomLaunch.ReadWorkingSet(options);
        var signed = ContractFile.Load(options["contract"]);
        var binding = signed.Contract.Hash;
        var certificate = RaTlsCertificate.Create(process.Quotes, binding.Span);
        var roomKey = await RoomLaunch.GetRoomKeyAsync(signed.Contract, options["cas"], certificate, options.Verifier, time).ConfigureAwait(false);
        try
        {
            if (RoomLaunch.IsShard(options))
            {
                var shard = new RoomShard(signed, roomKey, options.State, workingSet);
                serving = shard;
                return new EnclaveService(certificate, server => ShardEndpoints.Map(server, shard, signed.Contract, options.Verifier, time));
            }
            head = new CasRoomHead(signed.Contract, new Uri(options["cas"]), certificate, options.Verifier, time);
            var enclave = new RoomEnclave(process.Enclave.Platform, () => process.EpcCounters, StatementSigner.Create(process.Quotes, binding.Span))
            {
                Head = head,
                WorkingSet = workingSet,
                Shards = RoomLaunch.FindShards(options, signed.Contract, certificate, time),
            };
            var room = RoomLaunch.Open(signed, roomKey, options.State, enclave, time);
            serving = room;
            return new EnclaveService(certificate, server => RoomEndpoints.Map(server, room));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(roomKey);
        }
    }).ConfigureAwait(false);
}
finally
{
    serving?.Dispose();
    head?.Dispose();
}
