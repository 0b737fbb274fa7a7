using Automation.Server.Api;
using Automation.Server.Hosting;
using Automation.Server.Triggers.Mqtt.Connections;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>The embedded MQTT broker, the connections to others, and the trigger that listens to them.</summary>
internal static class MqttFeature
{
    public static IServiceCollection AddMqtt(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<MqttOptions>()
            .Configure(_ =>
            {
                if (MqttConnectionCheck.UnknownKey(configuration.GetSection("Mqtt:Connections")) is { } problem) throw new StartupException(problem);
            })
            .Bind(configuration.GetSection("Mqtt"), binder => binder.ErrorOnUnknownConfiguration = true).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(new MqttAnswers(EmbeddedBroker.RequestsMaximum));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<MqttIntake>(provider));
        services.AddSingleton<MqttClientIntake>();
        services.AddSingleton<JournalMqttStore>();
        services.AddSingleton<EmbeddedBroker>();
        services.AddSingleton<Func<EmbeddedBroker>>(provider => provider.GetRequiredService<EmbeddedBroker>);
        services.AddHostedService(provider => provider.GetRequiredService<EmbeddedBroker>());
        services.AddSingleton<EmbeddedRetained>();
        services.AddHostedService(provider => provider.GetRequiredService<EmbeddedRetained>());
        services.AddSingleton<MqttConnections>();
        services.AddSingleton<Func<MqttConnections>>(provider => provider.GetRequiredService<MqttConnections>);
        services.AddHostedService(provider => provider.GetRequiredService<MqttConnections>());
        services.AddSingleton(provider => new HealthCheck("mqtt connections", () => provider.GetRequiredService<MqttConnections>().Problem, KeepsFromWork: false));
        return services;
    }
}
