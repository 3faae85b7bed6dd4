//! A reader for the few shapes of Java serialization that JCEKS stores hold. Nothing is ever
//! instantiated: objects come out as names and values, and everything outside this grammar is
//! refused (Java Object Serialization Specification, chapter 6).

use std::rc::Rc;

use crate::keystore::Error;
use crate::keystore::reader::Reader;

const MAX_DEPTH: u8 = 16;
/// Keys have four.
const MAX_FIELDS: u16 = 64;
const MAX_HANDLES: usize = 1_024;
const FIRST_HANDLE: i32 = 0x7e_0000;

const SERIALIZABLE: u8 = 0x02;
const WRITE_METHOD: u8 = 0x01;
const ENUM: u8 = 0x10;

mod tc {
    pub(super) const NULL: u8 = 0x70;
    pub(super) const REFERENCE: u8 = 0x71;
    pub(super) const CLASS_DESC: u8 = 0x72;
    pub(super) const OBJECT: u8 = 0x73;
    pub(super) const STRING: u8 = 0x74;
    pub(super) const ARRAY: u8 = 0x75;
    pub(super) const END_BLOCK_DATA: u8 = 0x78;
    pub(super) const ENUM: u8 = 0x7e;
}

/// An object as it was written: its class and those above it, and the fields of all of them.
pub(super) struct Object<'a> {
    /// Names of the classes, the object's own first.
    pub(super) classes: Vec<Rc<str>>,
    fields: Vec<(Rc<str>, Value<'a>)>,
}

impl<'a> Object<'a> {
    /// The name of its class.
    pub(super) fn class(&self) -> &str {
        self.classes.first().map_or("", |name| name)
    }

    /// The bytes in a field of type `byte[]`.
    pub(super) fn bytes(&self, field: &str) -> Option<&'a [u8]> {
        match self.field(field)? {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The text in a field of type `String`, or the name of a constant of an enumeration.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        match self.field(field)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn field(&self, name: &str) -> Option<&Value<'a>> {
        let mut fields = self.fields.iter();
        fields
            .find(|(field, _)| **field == *name)
            .map(|(_, value)| value)
    }
}

#[derive(Clone)]
enum Value<'a> {
    Null,
    /// A number, or an object whose fields nobody asks for.
    Other,
    Text(Rc<str>),
    Bytes(&'a [u8]),
}

/// Reads one object, with the header of its stream in front, and moves `reader` behind it.
pub(super) fn read_object<'a>(reader: &mut Reader<'a>) -> Result<Object<'a>, Error> {
    if reader.take(4)? != [0xac, 0xed, 0x00, 0x05] {
        return Err(reader.malformed("a serialized object is expected, and its header is missing"));
    }
    let mut stream = Stream {
        reader: reader.clone(),
        handles: Vec::new(),
    };
    let object = match stream.reader.u8()? {
        tc::OBJECT => stream.object(MAX_DEPTH)?,
        other => return Err(stream.unexpected(other)),
    };
    *reader = stream.reader;
    Ok(object)
}

struct Stream<'a> {
    reader: Reader<'a>,
    handles: Vec<Handle<'a>>,
}

#[derive(Clone)]
enum Handle<'a> {
    Class(Rc<Class>),
    Value(Value<'a>),
}

#[derive(Clone)]
struct Class {
    name: Rc<str>,
    flags: u8,
    fields: Vec<(u8, Rc<str>)>,
    /// The handle of the class above.
    above: Option<usize>,
}

impl<'a> Stream<'a> {
    fn unexpected(&self, tag: u8) -> Error {
        self.reader.malformed(format!(
            "a serialized object holds something of type {tag:02x}, which no key needs"
        ))
    }

    fn deeper(&self, depth: u8) -> Result<u8, Error> {
        depth
            .checked_sub(1)
            .ok_or_else(|| self.reader.malformed("serialized objects nest too deep"))
    }

    fn assign(&mut self, handle: Handle<'a>) -> Result<usize, Error> {
        if self.handles.len() >= MAX_HANDLES {
            return Err(self
                .reader
                .malformed("a serialized object has too many parts"));
        }
        self.handles.push(handle);
        Ok(self.handles.len() - 1)
    }

    fn set(&mut self, at: usize, handle: Handle<'a>) {
        if let Some(place) = self.handles.get_mut(at) {
            *place = handle;
        }
    }

    fn reference(&mut self) -> Result<usize, Error> {
        let found = self.reader.i32()?;
        let index = found.checked_sub(FIRST_HANDLE).map(usize::try_from);
        match index {
            Some(Ok(index)) if index < self.handles.len() => Ok(index),
            _ => Err(self
                .reader
                .malformed("a reference to an object that does not exist")),
        }
    }

    /// The body of a `TC_OBJECT`: description, then fields, those of the topmost class first.
    fn object(&mut self, depth: u8) -> Result<Object<'a>, Error> {
        let depth = self.deeper(depth)?;
        let class = self.described(depth)?;
        self.assign(Handle::Value(Value::Other))?;
        let lineage = self.lineage(class)?;
        let mut fields = Vec::new();
        for class in lineage.iter().rev() {
            self.fields(class, depth, &mut fields)?;
        }
        Ok(Object {
            classes: lineage.iter().map(|class| Rc::clone(&class.name)).collect(),
            fields,
        })
    }

    fn fields(
        &mut self,
        class: &Class,
        depth: u8,
        out: &mut Vec<(Rc<str>, Value<'a>)>,
    ) -> Result<(), Error> {
        if !matches!(class.flags, SERIALIZABLE | 0x03) {
            return Err(self.reader.malformed(format!(
                "class `{}` writes itself in a way of its own",
                class.name
            )));
        }
        for (kind, name) in &class.fields {
            let value = match kind {
                b'L' | b'[' => self.value(depth)?,
                kind => self.primitive(*kind)?,
            };
            out.push((Rc::clone(name), value));
        }
        if class.flags & WRITE_METHOD != 0 {
            self.end_of_annotation()?;
        }
        Ok(())
    }

    fn primitive(&mut self, kind: u8) -> Result<Value<'a>, Error> {
        let size = primitive_size(kind).ok_or_else(|| self.unexpected(kind))?;
        self.reader.take(size)?;
        Ok(Value::Other)
    }

    fn end_of_annotation(&mut self) -> Result<(), Error> {
        match self.reader.u8()? {
            tc::END_BLOCK_DATA => Ok(()),
            other => Err(self.unexpected(other)),
        }
    }

    fn value(&mut self, depth: u8) -> Result<Value<'a>, Error> {
        match self.reader.u8()? {
            tc::NULL => Ok(Value::Null),
            tc::REFERENCE => {
                let at = self.reference()?;
                match self.handles.get(at) {
                    Some(Handle::Value(value)) => Ok(value.clone()),
                    _ => Err(self
                        .reader
                        .malformed("a reference to something of another kind")),
                }
            }
            tc::STRING => self.string().map(Value::Text),
            tc::ARRAY => self.byte_array(depth),
            tc::ENUM => self.constant(depth),
            tc::OBJECT => self.object(depth).map(|_| Value::Other),
            other => Err(self.unexpected(other)),
        }
    }

    fn string(&mut self) -> Result<Rc<str>, Error> {
        let text: Rc<str> = self.reader.utf_text()?.into();
        self.assign(Handle::Value(Value::Text(Rc::clone(&text))))?;
        Ok(text)
    }

    fn byte_array(&mut self, depth: u8) -> Result<Value<'a>, Error> {
        let depth = self.deeper(depth)?;
        let class = self.described(depth)?;
        match self.handles.get(class) {
            Some(Handle::Class(class)) if *class.name == *"[B" => {}
            _ => return Err(self.reader.malformed("an array that is none of bytes")),
        }
        let at = self.assign(Handle::Value(Value::Null))?;
        let value = Value::Bytes(self.reader.byte_array()?);
        self.set(at, Handle::Value(value.clone()));
        Ok(value)
    }

    fn constant(&mut self, depth: u8) -> Result<Value<'a>, Error> {
        let depth = self.deeper(depth)?;
        let class = self.described(depth)?;
        let is_enum = |class: &Class| class.flags & ENUM != 0;
        if !matches!(self.handles.get(class), Some(Handle::Class(class)) if is_enum(class)) {
            return Err(self
                .reader
                .malformed("a constant of what is no enumeration"));
        }
        let at = self.assign(Handle::Value(Value::Null))?;
        let value = match self.value(depth)? {
            Value::Text(name) => Value::Text(name),
            _ => return Err(self.reader.malformed("a constant without a name")),
        };
        self.set(at, Handle::Value(value.clone()));
        Ok(value)
    }

    /// A class description that must be there; its handle.
    fn described(&mut self, depth: u8) -> Result<usize, Error> {
        self.class(depth)?
            .ok_or_else(|| self.reader.malformed("an object without a class"))
    }

    fn class(&mut self, depth: u8) -> Result<Option<usize>, Error> {
        let depth = self.deeper(depth)?;
        match self.reader.u8()? {
            tc::NULL => Ok(None),
            tc::REFERENCE => {
                let at = self.reference()?;
                match self.handles.get(at) {
                    Some(Handle::Class(_)) => Ok(Some(at)),
                    _ => Err(self
                        .reader
                        .malformed("a reference to something of another kind")),
                }
            }
            tc::CLASS_DESC => self.new_class(depth).map(Some),
            other => Err(self.unexpected(other)),
        }
    }

    fn new_class(&mut self, depth: u8) -> Result<usize, Error> {
        let name = self.reader.utf_text()?.into();
        self.reader.i64()?;
        let mut class = Class {
            name,
            flags: 0,
            fields: Vec::new(),
            above: None,
        };
        let at = self.assign(Handle::Class(Rc::new(class.clone())))?;
        class.flags = self.reader.u8()?;
        let count = self.reader.u16()?;
        if count > MAX_FIELDS {
            return Err(self.reader.malformed(format!("a class of {count} fields")));
        }
        for _ in 0..count {
            class.fields.push(self.field_description(depth)?);
        }
        self.end_of_annotation()?;
        class.above = self.class(depth)?;
        self.set(at, Handle::Class(Rc::new(class)));
        Ok(at)
    }

    fn field_description(&mut self, depth: u8) -> Result<(u8, Rc<str>), Error> {
        let kind = self.reader.u8()?;
        let name = self.reader.utf_text()?.into();
        if matches!(kind, b'L' | b'[') {
            match self.value(depth)? {
                Value::Text(_) => {}
                _ => return Err(self.reader.malformed("a field without a type")),
            }
        } else if primitive_size(kind).is_none() {
            return Err(self.unexpected(kind));
        }
        Ok((kind, name))
    }

    /// A class and those above it, its own first.
    fn lineage(&self, class: usize) -> Result<Vec<Rc<Class>>, Error> {
        let mut lineage = Vec::new();
        let mut next = Some(class);
        while let Some(Handle::Class(class)) = next.and_then(|at| self.handles.get(at)) {
            if lineage.len() >= usize::from(MAX_DEPTH) {
                return Err(self.reader.malformed("a class has too many above it"));
            }
            next = class.above;
            lineage.push(Rc::clone(class));
        }
        Ok(lineage)
    }
}

fn primitive_size(kind: u8) -> Option<usize> {
    match kind {
        b'B' | b'Z' => Some(1),
        b'C' | b'S' => Some(2),
        b'F' | b'I' => Some(4),
        b'D' | b'J' => Some(8),
        _ => None,
    }
}
