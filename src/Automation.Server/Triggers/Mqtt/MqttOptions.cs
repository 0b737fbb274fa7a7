using System.ComponentModel.DataAnnotations;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>Section <c>Mqtt</c> of the configuration: the embedded broker.</summary>
internal sealed class MqttOptions
{
    /// <summary>False leaves the broker out.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Address to listen on.</summary>
    [Required]
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>True lets clients in from other machines too, without a password: for closed networks only. Clients on this machine always come in.</summary>
    public bool AllowAnonymous { get; set; }

    /// <summary>TCP port; 0 takes a free one.</summary>
    [Range(0, 65535)]
    public int Port { get; set; } = 1883;

    /// <summary>Largest packet taken from a client.</summary>
    [Range(128, 268_435_460)]
    public int MaximumPacketSize { get; set; } = 1 << 20;

    /// <summary>QoS 1 messages of one client that may wait for their commit at a time.</summary>
    [Range(1, 65535)]
    public int ReceiveMaximum { get; set; } = 64;
}
