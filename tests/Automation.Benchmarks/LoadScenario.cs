using System.Globalization;

namespace Automation.Benchmarks;

/// <summary>A workflow under load, what is sent to it, and what of that has to reach the receiver.</summary>
/// <param name="Name">As <c>--scenario</c> names it.</param>
/// <param name="Workflow">The file; <c>RECEIVER</c> in it becomes the receiver's address. It takes <c>POST /load</c> and sends on a body with the event's <c>"n"</c>.</param>
internal sealed record LoadScenario(string Name, string Workflow)
{
    private const int Devices = 10_000, WindowDevices = 1_000;

    /// <summary>The body of an event by its number, which begins with <c>{"n":number</c>.</summary>
    public Func<int, string> Body { get; init; } = static number =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"n":{{number}},"room":"kitchen","celsius":9.5,"unit":"C","note":"a reading of a sensor"}""");

    /// <summary>Whether the event of this number is to reach the receiver.</summary>
    public Func<int, bool> Reaches { get; init; } = static _ => true;

    public static readonly LoadScenario Forward = new("forward", """
        {
          "name": "Load",
          "triggers": { "web": { "type": "webhook", "path": "/load", "methods": ["POST"] } },
          "steps": {
            "transform": { "type": "script", "code": "const { n, room, celsius } = event.data; return { n, text: `Room ${room} is at ${celsius.toFixed(1)} °C`, warm: celsius > 8 };", "next": "send" },
            "send": { "type": "webhook.send", "url": "RECEIVER", "body": "${input}" }
          }
        }
        """);

    public static readonly LoadScenario ThreeSteps = new("three-steps", """
        {
          "name": "Load",
          "triggers": { "web": { "type": "webhook", "path": "/load", "methods": ["POST"] } },
          "steps": {
            "transform": { "type": "script", "code": "const { n, room, celsius } = event.data; return { n, text: `Room ${room} is at ${celsius.toFixed(1)} °C`, warm: celsius > 8 };", "next": "warm" },
            "warm": { "type": "if", "condition": "${input.warm}", "next": { "true": "send", "false": "note" } },
            "send": { "type": "webhook.send", "url": "RECEIVER", "body": "${input}" },
            "note": { "type": "log", "message": "${input.text}" }
          }
        }
        """)
    {
        Body = static number =>
            string.Create(CultureInfo.InvariantCulture, $$"""{"n":{{number}},"room":"kitchen","celsius":{{(IsWarm(number) ? 9.5 : 4.5)}},"unit":"C","note":"a reading of a sensor"}"""),
        Reaches = IsWarm,
    };

    /// <summary>10,000 devices that each send the same value ten times.</summary>
    public static readonly LoadScenario Changed = new("changed", """
        {
          "name": "Load",
          "key": "${event.data.device}",
          "triggers": { "web": { "type": "webhook", "path": "/load", "methods": ["POST"] } },
          "steps": {
            "changed": { "type": "changed", "value": "${event.data.value}", "next": "send" },
            "send": { "type": "webhook.send", "url": "RECEIVER", "body": "${event.data}" }
          }
        }
        """)
    {
        Body = static number => Reading(number, number % Devices, (number - 1) / Devices / 10),
        Reaches = static number => (number - 1) / Devices % 10 == 0,
    };

    /// <summary>1,000 devices, of which every tenth value ends a window.</summary>
    public static readonly LoadScenario Window = new("window", """
        {
          "name": "Load",
          "key": "${event.data.device}",
          "triggers": { "web": { "type": "webhook", "path": "/load", "methods": ["POST"] } },
          "steps": {
            "window": { "type": "window", "count": 10, "value": "${event.data.value}", "next": "send" },
            "send": { "type": "webhook.send", "url": "RECEIVER", "body": { "n": "${event.data.n}", "avg": "${input.avg}" } }
          }
        }
        """)
    {
        Body = static number => Reading(number, number % WindowDevices, number % 100),
        Reaches = static number => (number - 1) / WindowDevices % 10 == 9,
    };

    public static readonly LoadScenario[] All = [Forward, ThreeSteps, Changed, Window];

    /// <summary>Runs that wait until a time, and then send on what they waited with.</summary>
    public static LoadScenario Waiting(Func<int, DateTimeOffset> until) => new("waiting", """
        {
          "name": "Load",
          "triggers": { "web": { "type": "webhook", "path": "/load", "methods": ["POST"] } },
          "steps": {
            "wait": { "type": "delay", "until": "${input.until}", "next": "send" },
            "send": { "type": "webhook.send", "url": "RECEIVER", "body": "${input}" }
          }
        }
        """)
    {
        Body = number => string.Create(CultureInfo.InvariantCulture, $$"""{"n":{{number}},"until":"{{until(number):O}}"}"""),
    };

    private static string Reading(int number, int device, int value) => string.Create(CultureInfo.InvariantCulture, $$"""{"n":{{number}},"device":"device-{{device}}","value":{{value}}}""");

    private static bool IsWarm(int number) => number % 2 == 0;
}
