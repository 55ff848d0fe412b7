//! Prints one line of JSON per kind of client event, for a validator built on the official SDK's types.

use std::io::Write;

use toran_realtime::{
    AudioConfig, AudioFormat, ClientEvent, ClientItemId, Conversation, Include, InputAudio,
    InputItem, MaxOutputTokens, Metadata, NewItem, NoiseReduction, OutputAudio, OutputModality,
    Reasoning, ReasoningEffort, ResponseCreate, ServerVad, SessionUpdate, Threshold, Tracing,
    Transcriber, Tri, Truncation, TurnDetection, Voice,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    for event in events()? {
        writeln!(out, r#"{{"dir":"client","event":{}}}"#, event.to_json())?;
        let named = event.with_event_id("evt_1");
        writeln!(out, r#"{{"dir":"client","event":{}}}"#, named.to_json())?;
    }
    let mut append = String::new();
    ClientEvent::append_json_into("//9/fw==", &mut append);
    writeln!(out, r#"{{"dir":"client","event":{append}}}"#)?;
    Ok(())
}

fn events() -> Result<Vec<ClientEvent<'static>>, Box<dyn std::error::Error>> {
    let switched_off = SessionUpdate {
        audio: AudioConfig {
            input: InputAudio {
                noise_reduction: Tri::Null,
                transcription: Tri::Null,
                turn_detection: Tri::Null,
                ..InputAudio::default()
            },
            ..AudioConfig::default()
        },
        tracing: Tri::Null,
        ..SessionUpdate::default()
    };
    let out_of_band = ResponseCreate {
        instructions: Some("ענה במילה אחת.".into()),
        conversation: Some(Conversation::None),
        metadata: Metadata::default().with("turn", "3")?,
        output_modalities: Some(OutputModality::Text),
        input: Some(vec![
            InputItem::Reference {
                id: "item_u1".into(),
            },
            InputItem::Message(NewItem::user("מה שעות הפעילות?")),
        ]),
        max_output_tokens: Some(MaxOutputTokens::new(16)?),
    };
    let event = r#"{"server_event":"appointment_created","date":"2026-12-01","time":"10:30"}"#;
    Ok(vec![
        ClientEvent::SessionUpdate {
            session: telephone_session()?,
        },
        ClientEvent::SessionUpdate {
            session: switched_off,
        },
        ClientEvent::SessionUpdate {
            session: SessionUpdate::default(),
        },
        ClientEvent::AppendAudio {
            audio: "//9/fw==".into(),
        },
        ClientEvent::CommitAudio,
        ClientEvent::ClearAudio,
        ClientEvent::CreateItem {
            previous_item_id: None,
            item: NewItem::system(event).with_id(ClientItemId::new("fact_1")?),
        },
        ClientEvent::CreateItem {
            previous_item_id: Some("root".into()),
            item: NewItem::assistant("שלום, במה אפשר לעזור?"),
        },
        ClientEvent::RetrieveItem {
            item_id: "item_u1".into(),
        },
        ClientEvent::DeleteItem {
            item_id: "item_u1".into(),
        },
        ClientEvent::TruncateItem {
            item_id: "item_a1".into(),
            content_index: 0,
            audio_end_ms: 1480,
        },
        ClientEvent::CreateResponse { response: None },
        ClientEvent::CreateResponse {
            response: Some(out_of_band),
        },
        ClientEvent::CancelResponse { response_id: None },
        ClientEvent::CancelResponse {
            response_id: Some("resp_1".into()),
        },
    ])
}

fn telephone_session() -> Result<SessionUpdate, Box<dyn std::error::Error>> {
    Ok(SessionUpdate {
        instructions: Some("את עונה לטלפון של מספרה.".into()),
        output_modalities: Some(OutputModality::Audio),
        audio: AudioConfig {
            input: InputAudio {
                format: Some(AudioFormat::Pcmu),
                noise_reduction: Tri::Set(NoiseReduction::NearField),
                transcription: Tri::Set(Transcriber {
                    model: "gpt-4o-transcribe".into(),
                    language: Some("he".into()),
                    prompt: Some("תספורת, צבע, פן".into()),
                    languages: vec!["he".into()],
                    keywords: Vec::new(),
                }),
                turn_detection: Tri::Set(TurnDetection::ServerVad(ServerVad {
                    threshold: Threshold::new(0.5)?,
                    prefix_padding_ms: 300,
                    silence_duration_ms: 500,
                    create_response: false,
                    interrupt_response: false,
                    idle_timeout_ms: None,
                })),
            },
            output: OutputAudio {
                format: Some(AudioFormat::Pcmu),
                voice: Some(Voice::Named("marin".into())),
                speed: Some(1.0),
            },
        },
        include: Some(vec![Include::TranscriptionLogprobs]),
        reasoning: Some(Reasoning {
            effort: ReasoningEffort::Low,
        }),
        max_output_tokens: Some(MaxOutputTokens::new(1024)?),
        truncation: Some(Truncation::Auto),
        tracing: Tri::Set(Tracing::Auto),
    })
}
