using Guardian.Cli.Rooms;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Cli.Commands.Demo;

/// <summary>The contract of agency and retailer in the demo.</summary>
internal static class DemoContract
{
    public const string Room = "spring-campaign";

    public const string Agency = "agency";

    public const string Retailer = "retailer";

    public static string Write(
        string agencyKey, string retailerKey, MrEnclave enclave, MrEnclave cas, string sessionHash, string casIdentity) =>
        RoomTemplates.WriteContractHead(
            Room, [(Agency, agencyKey), (Retailer, retailerKey)], enclave, cas, [PlatformKind.Simulated], sessionHash,
            casIdentity)
        + $$"""

        datasets:
          - name: campaign
            owner: {{Agency}}
            identifier: {kind: email, column: email}
            max_rows: 80000
            columns:
              - {name: arm, type: category, values: [{{string.Join(", ", Hillstrom.Arms)}}], filter: true}
              - {name: exposed, type: flag, filter: true}
          - name: customers
            owner: {{Retailer}}
            identifier: {kind: email, column: email}
            max_rows: 80000
            columns:
              - {name: zip_code, type: category, values: [Urban, Surburban, Rural], filter: true}
              - {name: channel, type: category, values: [Web, Phone, Multichannel], filter: true}
              - {name: history, type: decimal, places: 2, minimum: 0, maximum: 10000, filter: true}
              - {name: visit, type: flag}
              - {name: conversion, type: flag}
              - {name: spend, type: decimal, places: 2, minimum: 0, maximum: 10000}

        analyses:
          overlap: true
          crosstab: true
          lift:
            assignment: campaign.arm
            control: {{Hillstrom.Control}}
            shares: equal
            outcomes: [customers.visit, customers.conversion, customers.spend]
            population: matched

        # Exact counts, so that the figures can be compared with the published ones. Leave `noise` out, and every count carries noise.
        privacy:
          minimum_audience: 100
          noise: none

        roles:
          query: [{{Agency}}, {{Retailer}}]
          receive: [{{Agency}}, {{Retailer}}]
          pay: [{{Agency}}]

        """;
}
